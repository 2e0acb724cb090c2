"""What acts under the Lease without the conductor: when no panel lives, or none is trusted."""
