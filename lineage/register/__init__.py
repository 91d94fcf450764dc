"""What somebody declares: statements about nodes, checked, and brought into the graph."""
