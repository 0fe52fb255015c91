"""Who may call: certificates, assertions, access tokens."""
