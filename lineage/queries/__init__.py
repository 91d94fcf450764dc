"""An auditor's questions, one a file."""
