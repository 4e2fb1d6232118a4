package load

import "fmt"

// FilesError says that there are more subscribers than a process may have connections.
type FilesError struct {
	// Need is how many descriptors are needed.
	Need uint64
	// Limit is how many there can be.
	Limit uint64
}

func (e *FilesError) Error() string {
	return fmt.Sprintf("load: %d open files are needed, but the hard limit of this process is %d "+
		"(RLIMIT_NOFILE; ulimit -Hn shows it, and the superuser can raise it)", e.Need, e.Limit)
}
