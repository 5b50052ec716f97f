"""The rehearsal: Google's control planes imitated on loopback, around a real engine."""
