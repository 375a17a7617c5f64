"""The deciding side: a pure core that assesses crossings, and the Faust shell around it."""
