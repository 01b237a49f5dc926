"""What must be true: items, sections, facts and requirements."""
