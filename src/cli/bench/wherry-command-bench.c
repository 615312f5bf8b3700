/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/bench/wherry-bench.h"
#include "cli/wherry-commands.h"
#include "cli/wherry-open-files.h"
#include "cli/wherry-terminal.h"

/*
 * wherry bench: how fast is a relay, how late are its messages, how many does it take? Members in
 * this process send to each other through it, for a time, and count.
 */

/* The head of a message is in it, and the default limit of a relay. */
#define SIZE_MIN 24u
#define SIZE_MAX_BYTES (256u * 1024u)
#define RECEIVERS_MAX 1000u
#define SECONDS_MAX 600.0
#define RATE_MAX 1000000
/* Of one command: a table that is read, not a night's work. */
#define RUNS_MAX 64u

typedef struct
{
  char *room;
  char *sizes;
  char *receivers;
  double seconds;
  int rate;
  char *svg;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->room);
  g_free (self->sizes);
  g_free (self->receivers);
  g_free (self->svg);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* What each does if nothing is said: a few seconds for all of them, and for any relay. */
static const struct
{
  guint size;
  guint receivers;
  guint rate;
} defaults[WHERRY_BENCH_N_KINDS] = {
  [WHERRY_BENCH_THROUGHPUT] = { 16384, 1, 0 }, [WHERRY_BENCH_LATENCY] = { 64, 1, 200 },
  [WHERRY_BENCH_FAN_OUT] = { 1024, 10, 200 },  [WHERRY_BENCH_ALL_TO_ALL] = { 64, 4, 50 },
  [WHERRY_BENCH_JOINS] = { SIZE_MIN, 20, 0 },
};

/* (transfer full) (nullable): numbers between commas; NULL: sets error. Without a text it is one
 * zero, for the default. */
static GArray *
parse_numbers (const char *text, const char *option, guint min, guint max, GError **error)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, TRUE, sizeof (guint));
  g_auto (GStrv) words = NULL;

  if (text == NULL)
    {
      g_array_set_size (numbers, 1);
      return g_steal_pointer (&numbers);
    }
  /* nothing is no number either */
  words = g_strsplit (*text != '\0' ? text : ",", ",", RUNS_MAX + 1);
  for (char **word = words; *word != NULL; word++)
    {
      guint64 value;
      guint number;

      if (!g_ascii_string_to_unsigned (*word, 10, min, max, &value, NULL))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       _ ("--%s takes numbers from %u to %u, with commas between them"), option,
                       min, max);
          return NULL;
        }
      number = (guint) value;
      g_array_append_val (numbers, number);
    }
  return g_steal_pointer (&numbers);
}

static gboolean
parse_kind (const char *word, WherryBenchKind *kind, GError **error)
{
  for (guint i = 0; i < WHERRY_BENCH_N_KINDS; i++)
    if (g_str_equal (word, wherry_bench_kind_name (i)))
      {
        *kind = (WherryBenchKind) i;
        return TRUE;
      }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               _ ("“%s” is none of throughput, latency, fan-out, all-to-all, joins"), word);
  return FALSE;
}

static void
add_plans (GArray *plans, WherryBenchKind kind, const Options *options, GArray *sizes,
           GArray *receivers)
{
  for (guint i = 0; i < receivers->len; i++)
    for (guint j = 0; j < (kind == WHERRY_BENCH_JOINS ? 1 : sizes->len); j++)
      {
        guint size = g_array_index (sizes, guint, j);
        guint to = g_array_index (receivers, guint, i);
        WherryBenchPlan plan = {
          .kind = kind,
          .size = size > 0 ? size : defaults[kind].size,
          .receivers = to > 0 ? to : defaults[kind].receivers,
          .rate = options->rate >= 0 ? (guint) options->rate : defaults[kind].rate,
          .duration_ms = (guint) (options->seconds * 1000),
        };

        g_array_append_val (plans, plan);
      }
}

/* (transfer full) (nullable) */
static GArray *
make_plans (char **words, const Options *options, GError **error)
{
  g_autoptr (GArray) plans = g_array_new (FALSE, TRUE, sizeof (WherryBenchPlan));
  g_autoptr (GArray) sizes
      = parse_numbers (options->sizes, "size", SIZE_MIN, SIZE_MAX_BYTES, error);
  g_autoptr (GArray) receivers
      = sizes != NULL ? parse_numbers (options->receivers, "receivers", 1, RECEIVERS_MAX, error)
                      : NULL;
  WherryBenchKind kind;

  if (receivers == NULL)
    return NULL;
  if (!(options->seconds > 0 && options->seconds <= SECONDS_MAX) || options->rate > RATE_MAX)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("--seconds is at most %.0f, --rate at most %d"), SECONDS_MAX, RATE_MAX);
      return NULL;
    }
  for (guint i = 0; words[0] == NULL && i < WHERRY_BENCH_N_KINDS; i++)
    add_plans (plans, (WherryBenchKind) i, options, sizes, receivers);
  for (char **word = words; *word != NULL; word++)
    {
      if (!parse_kind (*word, &kind, error))
        return NULL;
      add_plans (plans, kind, options, sizes, receivers);
    }
  if (plans->len > RUNS_MAX)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("that would be %u runs; at most %u"), plans->len, RUNS_MAX);
      return NULL;
    }
  return g_steal_pointer (&plans);
}

static gboolean
write_plot (const char *path, GPtrArray *results, const char *server, GError **error)
{
  g_autofree char *title = g_strdup_printf (_ ("wherry bench at %s"), server);
  g_autofree char *svg = wherry_bench_plot (results, title);

  return g_file_set_contents (path, svg, -1, error);
}

static int
run_plans (WherryInvocation *invocation, GArray *plans, const Options *options)
{
  g_autoptr (GPtrArray) results = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *chance = g_strdup_printf ("bench-%08x", g_random_int ());
  const char *room = options->room != NULL ? options->room : chance;
  g_autoptr (GError) error = NULL;
  gboolean all_there = TRUE;

  for (guint i = 0; i < plans->len; i++)
    {
      const WherryBenchPlan *plan = &g_array_index (plans, WherryBenchPlan, i);
      WherryBenchResult *result = g_new0 (WherryBenchResult, 1);

      g_ptr_array_add (results, result);
      if (!wherry_bench_run (invocation, room, plan, result, &error))
        return wherry_invocation_fail (invocation, error);
      all_there &= result->received == result->expected && result->repeated == 0;
      if (invocation->json)
        wherry_bench_print_json (result);
      else if (i == 0)
        wherry_bench_print_head ();
      if (!invocation->json)
        wherry_bench_print_row (result);
    }
  if (options->svg != NULL && !write_plot (options->svg, results, invocation->server, &error))
    return wherry_invocation_fail (invocation, error);
  if (all_there)
    return WHERRY_EXIT_OK;
  wherry_complain (_ ("wherry bench: not everything that was sent arrived"));
  return WHERRY_EXIT_FAILED;
}

int
wherry_command_bench (WherryInvocation *invocation)
{
  g_auto (Options) options = { .seconds = 2, .rate = -1 };
  const GOptionEntry entries[] = {
    { "server", 's', 0, G_OPTION_ARG_STRING, &invocation->server,
      N_ ("The relay [WHERRY_SERVER; 127.0.0.1:8888]"), N_ ("URL") },
    { "room", 'r', 0, G_OPTION_ARG_STRING, &options.room,
      N_ ("The room [one of its own]; token: WHERRY_TOKEN"), N_ ("ROOM") },
    { "size", 0, 0, G_OPTION_ARG_STRING, &options.sizes, N_ ("Bytes of a message"), N_ ("N,…") },
    { "receivers", 0, 0, G_OPTION_ARG_STRING, &options.receivers,
      N_ ("Of each message, or how many join"), N_ ("N,…") },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.seconds, N_ ("Of each run [2]"), N_ ("N") },
    { "rate", 0, 0, G_OPTION_ARG_INT, &options.rate,
      N_ ("Messages a second of each sender; 0: all it can"), N_ ("N") },
    { "svg", 0, 0, G_OPTION_ARG_FILENAME, &options.svg, N_ ("Draw the figures"), N_ ("FILE") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GArray) plans = NULL;
  g_autoptr (GError) error = NULL;

  if (!wherry_invocation_parse (invocation, entries, 0, -1, &error))
    return wherry_invocation_fail (invocation, error);
  plans = make_plans (invocation->arguments, &options, &error);
  if (plans == NULL)
    return wherry_invocation_fail (invocation, error);
  wherry_open_files_raise (); /* a member takes some */
  return run_plans (invocation, plans, &options);
}
