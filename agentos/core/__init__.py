"""What every other room speaks: plain values, and the standard library only."""
