"""The programs that are measured, each as a command."""
