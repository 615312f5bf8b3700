/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <json-glib/json-glib.h>

#include <glib/gi18n.h>

#include "cli/bench/wherry-bench.h"
#include "cli/wherry-terminal.h"

#define MB 1e6

static double
ms (gint64 us)
{
  return (double) us / 1000;
}

void
wherry_bench_print_head (void)
{
  wherry_print ("%-10s %7s %5s %10s %9s %9s %8s %8s %8s %6s %5s", "", _ ("size"), _ ("to"),
                _ ("received"), _ ("lost"), _ ("1/s"), _ ("MB/s"), _ ("p50 ms"), _ ("p99 ms"),
                _ ("max ms"), _ ("CPU"));
}

void
wherry_bench_print_row (const WherryBenchResult *result)
{
  g_autofree char *size = result->plan.kind == WHERRY_BENCH_JOINS
                              ? g_strdup ("")
                              : g_strdup_printf ("%u", result->plan.size);
  double cpu
      = result->elapsed_us > 0 ? 100.0 * (double) result->cpu_us / (double) result->elapsed_us : 0;

  wherry_print ("%-10s %7s %5u %10" G_GUINT64_FORMAT " %9" G_GUINT64_FORMAT
                " %9.0f %8.1f %8.2f %8.2f %6.0f %4.0f%%",
                wherry_bench_kind_name (result->plan.kind), size, result->plan.receivers,
                result->received, result->expected - MIN (result->received, result->expected),
                wherry_bench_per_second (result, result->received),
                wherry_bench_per_second (result, result->bytes) / MB,
                ms (wherry_bench_histogram_get (&result->times, 0.5)),
                ms (wherry_bench_histogram_get (&result->times, 0.99)), ms (result->times.max_us),
                cpu);
}

void
wherry_bench_print_json (const WherryBenchResult *result)
{
  JsonObject *object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *line = NULL;

  json_object_set_string_member (object, "event", "result");
  json_object_set_string_member (object, "kind", wherry_bench_kind_name (result->plan.kind));
  json_object_set_int_member (object, "size", result->plan.size);
  json_object_set_int_member (object, "senders", result->senders);
  json_object_set_int_member (object, "receivers", result->plan.receivers);
  json_object_set_int_member (object, "rate", result->plan.rate);
  json_object_set_int_member (object, "sent", (gint64) result->sent);
  json_object_set_int_member (object, "expected", (gint64) result->expected);
  json_object_set_int_member (object, "received", (gint64) result->received);
  json_object_set_int_member (object, "lost",
                              (gint64) (result->expected
                                        - MIN (result->received, result->expected)));
  json_object_set_int_member (object, "repeated", (gint64) result->repeated);
  json_object_set_int_member (object, "bytes", (gint64) result->bytes);
  json_object_set_double_member (object, "ms", ms (result->elapsed_us));
  json_object_set_double_member (object, "per_second",
                                 wherry_bench_per_second (result, result->received));
  json_object_set_double_member (object, "mb_per_second",
                                 wherry_bench_per_second (result, result->bytes) / MB);
  json_object_set_double_member (object, "p50_ms",
                                 ms (wherry_bench_histogram_get (&result->times, 0.5)));
  json_object_set_double_member (object, "p99_ms",
                                 ms (wherry_bench_histogram_get (&result->times, 0.99)));
  json_object_set_double_member (object, "max_ms", ms (result->times.max_us));
  json_object_set_double_member (object, "cpu_ms", ms (result->cpu_us));
  json_node_take_object (node, object);
  line = json_to_string (node, FALSE);
  wherry_print ("%s", line);
}
