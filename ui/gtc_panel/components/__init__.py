"""What the pages are made of; each draws its part of one view."""
