// Package descriptors makes room for many descriptors before they are needed.
package descriptors
