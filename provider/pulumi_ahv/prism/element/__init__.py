"""Prism Element: REST v2.0, and v0.8 where v2.0 has no call."""
