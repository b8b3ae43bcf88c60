"""Windows answer files: a builder for the common case, and checks of what a user wrote."""
