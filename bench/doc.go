// Package bench measures the hub as a whole: real connections on the loopback device, and a log on a real disk.
// What a single package costs is measured by the benchmarks of that package.
//
// There are only benchmarks here, and none of them fails because it is slow. Figures of one machine are in
// results, how they come about and what they mean is in docs/performance.md.
package bench
