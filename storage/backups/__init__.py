"""Everything an instance keeps, as one file, in an empty instance again, or in other stores."""
