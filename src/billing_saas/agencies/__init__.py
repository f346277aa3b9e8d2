"""What goes to collection agencies and what comes back: files, payments, fees. Nothing clinical."""
