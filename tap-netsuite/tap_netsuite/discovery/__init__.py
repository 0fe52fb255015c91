"""Finding out which streams an account offers to the role."""
