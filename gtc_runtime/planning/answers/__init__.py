"""What people ask the planner: which numbers, how many workers, what if; each answer is a value."""
