"""Both distributions built and tried, with every Python of this machine that they are meant for."""
