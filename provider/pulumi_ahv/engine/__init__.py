"""A small embedded engine that speaks Pulumi's protocol: for trial and tests, never for production."""
