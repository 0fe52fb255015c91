"""Requests: how they are signed, sent, tried again and limited, and what their answers mean."""
