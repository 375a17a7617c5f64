"""The HTTP door of a province: for systems that cannot speak Kafka, beside the key file that pseudonymises."""
