/**
 * Prometheus metrics of the palette, in prom-client's default registry, which `/metrics` serves. A node is
 * constructed again at each deploy: a metric that exists is taken up, and its counts go on.
 */
import { Counter, Gauge, Histogram, register } from 'prom-client';

export function counter<Label extends string>(name: string, help: string, labelNames: Label[] = []) {
  return (
    (register.getSingleMetric(name) as Counter<Label> | undefined) ?? new Counter({ name, help, labelNames })
  );
}

export function gauge<Label extends string>(name: string, help: string, labelNames: Label[] = []) {
  return (
    (register.getSingleMetric(name) as Gauge<Label> | undefined) ?? new Gauge({ name, help, labelNames })
  );
}

export function histogram<Label extends string>(
  name: string,
  help: string,
  buckets: number[],
  labelNames: Label[] = [],
) {
  return (
    (register.getSingleMetric(name) as Histogram<Label> | undefined) ??
    new Histogram({ name, help, buckets, labelNames })
  );
}
