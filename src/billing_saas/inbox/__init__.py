"""What comes from outside: stored sealed as it arrived, and handled once."""
