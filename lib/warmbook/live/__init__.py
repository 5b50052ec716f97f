"""What only a live project can show, checked in the reader's own, in tiers that cost more each."""
