"""The commands of ``foretaste register``, one kind of declaration a file."""
