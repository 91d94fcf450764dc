"""Names that stand in answers whatever was asked."""
