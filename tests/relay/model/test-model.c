/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/wherry-class.h"
#include "model.h"
#include "relay/wherry-planted.h"

/* Random schedules (see model.h), each in a process of its own, so that a seed replays alone:
 *
 *   test-model                      the ordinary run
 *   test-model --seeds 1-10000      these
 *   test-model --seed 17            that one
 *   test-model --seed 17 --trace    and what happens
 *   test-model --seed 17 --shrink   and the steps that it takes to fail, which are then traced
 *
 * test-model-planted is the same with a relay in which a defect can be switched on, --plant NAME;
 * without arguments it looks whether each of them is found. */

#define ORDINARY 1000u

static const char *opt_seeds;
static guint opt_seed;
static gboolean opt_trace;
static gboolean opt_shrink;
static const char *opt_plant;

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) == 0)
    return G_LOG_WRITER_HANDLED;
  return g_log_writer_standard_streams (level, fields, n_fields, NULL);
}

/* ---- one schedule ---- */

static pid_t
begin (guint seed, gboolean trace, gboolean quiet, const guint8 *skip)
{
  pid_t pid;

  fflush (stdout);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid > 0)
    return pid;
  if (quiet)
    {
      int null = open ("/dev/null", O_WRONLY | O_CLOEXEC);

      if (null < 0 || dup2 (null, STDOUT_FILENO) < 0 || dup2 (null, STDERR_FILENO) < 0)
        _exit (2);
      close (null);
    }
  model_run (seed, trace, skip);
  fflush (stdout);
  _exit (0);
}

static gboolean
fails (guint seed, gboolean trace, gboolean quiet, const guint8 *skip)
{
  int status;

  g_assert_cmpint (waitpid (begin (seed, trace, quiet, skip), &status, 0), >, 0);
  if (WIFSIGNALED (status) && !quiet)
    printf ("# seed %u: killed by signal %d\n", seed, WTERMSIG (status));
  return status != 0;
}

/* Steps are left out, in ever smaller pieces, while it fails without them. */
static void
shrink (guint seed)
{
  guint n = model_count_steps (seed);
  g_autofree guint8 *skip = g_malloc0 (n);
  guint left = 0;

  for (guint piece = n / 2; piece > 0; piece /= 2)
    for (guint begin = 0; begin < n; begin += piece)
      {
        g_autofree guint8 *try = g_memdup2 (skip, n);

        memset (try + begin, 1, MIN (piece, n - begin));
        if (memcmp (try, skip, n) != 0 && fails (seed, FALSE, TRUE, try))
          memcpy (skip, try, n);
      }
  for (guint i = 0; i < n; i++)
    left += skip[i] == 0;
  printf ("# seed %u fails with %u of its %u steps:\n", seed, left, n);
  fails (seed, TRUE, FALSE, skip);
}

/* ---- many ---- */

/* The first seed, by number, that fails; 0: none. On two processes at a time. */
static guint
run_seeds (guint from, guint to, gboolean quiet)
{
  struct
  {
    pid_t pid;
    guint seed;
  } running[2] = { { 0 } };
  guint next = from;
  guint failed = 0;
  guint n = 0;

  for (;;)
    {
      int status;
      pid_t pid;

      for (guint i = 0; i < G_N_ELEMENTS (running) && failed == 0; i++)
        if (running[i].pid == 0 && next <= to)
          {
            running[i].seed = next;
            running[i].pid = begin (next++, FALSE, quiet, NULL);
            n++;
          }
      if (n == 0)
        return failed;
      pid = waitpid (-1, &status, 0);
      for (guint i = 0; i < G_N_ELEMENTS (running); i++)
        if (running[i].pid == pid)
          {
            running[i].pid = 0;
            n--;
            if (status == 0)
              continue;
            if (WIFSIGNALED (status) && !quiet)
              printf ("# seed %u: killed by signal %d\n", running[i].seed, WTERMSIG (status));
            if (failed == 0 || running[i].seed < failed)
              failed = running[i].seed;
          }
    }
}

static void
test_promises (void)
{
  guint from = 1;
  guint to = ORDINARY;
  guint failed;

  if (opt_seeds != NULL && sscanf (opt_seeds, "%u-%u", &from, &to) != 2)
    g_error ("--seeds FROM-TO");
  g_test_message ("seeds %u to %u", from, to);
  failed = run_seeds (from, to, FALSE);
  if (failed == 0)
    return;
  shrink (failed);
  g_test_message ("again: %s --seed %u --shrink", g_get_prgname (), failed);
  g_test_fail ();
}

#ifdef WHERRY_PLANTED
int wherry_planted;

static const char *const planted[] = {
#define X(name, text) text,
  WHERRY_PLANTS (X)
#undef X
};

static void
test_planted (gconstpointer data)
{
  guint failed;

  wherry_planted = GPOINTER_TO_INT (data);
  failed = run_seeds (1, ORDINARY, TRUE);
  wherry_planted = 0;
  g_test_message ("found by seed %u", failed);
  if (failed == 0)
    g_test_fail ();
}

static void
add_tests (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (planted); i++)
    {
      g_autofree char *path = g_strdup_printf ("/relay/model/finds/%s", planted[i]);

      g_test_add_data_func (path, GINT_TO_POINTER ((int) i + 1), test_planted);
    }
}

static void
plant (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (planted); i++)
    if (strcmp (planted[i], name) == 0)
      wherry_planted = (int) i + 1;
  if (wherry_planted == 0)
    g_error ("no such defect: %s", name);
}
#else
static void
add_tests (void)
{
  g_test_add_func ("/relay/model/promises", test_promises);
}

static void
plant (const char *name)
{
  g_error ("this relay has no defects to switch on: test-model-planted has");
}
#endif

/* Where objects lie decides in which order some tables are gone through: always the same. */
static void
lie_still (char **argv)
{
  int now = personality (0xffffffff);

  if (now == -1 || (now & ADDR_NO_RANDOMIZE) != 0
      || personality ((unsigned long) now | ADDR_NO_RANDOMIZE) == -1)
    return;
  execv ("/proc/self/exe", argv);
}

int
main (int argc, char **argv)
{
  static char buffer[BUFSIZ];
  GOptionEntry entries[] = {
    { "seeds", 0, 0, G_OPTION_ARG_STRING, &opt_seeds, "These seeds", "FROM-TO" },
    { "seed", 0, 0, G_OPTION_ARG_INT, &opt_seed, "This seed", "N" },
    { "trace", 0, 0, G_OPTION_ARG_NONE, &opt_trace, "Tell what happens", NULL },
    { "shrink", 0, 0, G_OPTION_ARG_NONE, &opt_shrink, "Leave out steps", NULL },
    { "plant", 0, 0, G_OPTION_ARG_STRING, &opt_plant, "Switch on a defect", "NAME" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  lie_still (argv);
  setvbuf (stdout, buffer, _IOFBF, sizeof buffer); /* nor does it matter whether one prints */
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_ignore_unknown_options (context, TRUE);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_parse (context, &argc, &argv, NULL);
  g_test_init (&argc, &argv, NULL);
  g_log_set_writer_func (write_log, NULL, NULL);
  wherry_class_prepare (WHERRY_TYPE_FAKE_STREAM);
  if (opt_plant != NULL)
    plant (opt_plant);
  if (opt_seed > 0 && opt_shrink)
    {
      shrink (opt_seed);
      return 1;
    }
  if (opt_seed > 0)
    return fails (opt_seed, opt_trace, FALSE, NULL);
  if (opt_plant != NULL || opt_seeds != NULL)
    g_test_add_func ("/relay/model/promises", test_promises);
  else
    add_tests ();
  return g_test_run ();
}
