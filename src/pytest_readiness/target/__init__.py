"""What is judged: the typed target file, its secrets, floors and the release."""
