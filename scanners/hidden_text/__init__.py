"""Text that a model reads and a person does not see."""
