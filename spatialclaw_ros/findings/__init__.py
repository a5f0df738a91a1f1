"""What was found: objects, measures and answers, each with its uncertainty."""
