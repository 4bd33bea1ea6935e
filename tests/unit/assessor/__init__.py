"""The judge of margin accounts: `Assessor`."""
