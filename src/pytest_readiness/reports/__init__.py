"""What people read: one module a format, from the stored document alone."""
