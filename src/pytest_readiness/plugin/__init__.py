"""pytest's side: options, collection, gathering, outcomes, the session."""
