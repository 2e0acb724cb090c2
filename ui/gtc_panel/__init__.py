"""The control panel: draws one view, sends commands, decides nothing."""
