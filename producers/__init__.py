"""The publishing side: reads what a province has, takes the names out, checks it and publishes it."""
