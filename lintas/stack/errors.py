"""What can go wrong with the local stack, each with how to mend it.

StackError
├── JavaMissing         no Java that Kafka runs on; the caller falls back to the pip-only broker or says it
├── JarsUnavailable     Kafka's jars cannot be had; the caller falls back likewise
│   └── MavenUnreachable    because Maven Central does not answer
├── BrokerMissing       the pip-only broker is not installed
├── BadLocation         a directory that a broker or its class path cannot name
├── AlreadyRunning      another supervisor holds the directory; the caller says who and ends
└── PartFailed          a part never became ready, so the stack did not come up
"""


class StackError(Exception):
    """Something the local stack needs is not there, or does not run."""


class JavaMissing(StackError):
    """No Java runtime that Apache Kafka runs on was found."""


class JarsUnavailable(StackError):
    """Kafka's jars could not be had."""


class MavenUnreachable(JarsUnavailable):
    """Maven Central (or the mirror named instead) does not answer."""


class BrokerMissing(StackError):
    """The pip-only broker is not installed."""


class BadLocation(StackError):
    """A directory has a name that a broker's configuration cannot hold."""


class AlreadyRunning(StackError):
    """Another supervisor runs on the same directory."""


class PartFailed(StackError):
    """A part did not become ready, and was given up."""
