r"""The prediction log: every answered prediction, written before its answer leaves, readable at once.

    gateway worker -> encode -> group commit -> segment (JSON lines) -> seal -> Parquet by model and day
                                                   \________________ read _______________/

A record whose append has returned survives the death of any process, also by SIGKILL, because its bytes are
then in the kernel's page cache. It does not survive a power cut or a kernel crash before the kernel has
written them to the disk: segments are not synced. Sealed files are synced before their segment goes.
"""
