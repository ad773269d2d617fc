"""Load scenarios and benchmarks; every figure is a ratio or stands beside a bare endpoint measured in the same run."""
