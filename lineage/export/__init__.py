"""The graph as other tools read it, one format a file."""
