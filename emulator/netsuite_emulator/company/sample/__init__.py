"""The rows a company starts with, made by the statements of the `.sql` files here from a seed."""
