/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-bytes.h"
#include "base/wherry-inbox.h"
#include "fixtures/wherry-mutate.h"

/* Shows that the address and undefined-behaviour sanitizers end a program that did wrong with a
 * status that a test sees: `planted-fault CASE` must be reported, `planted-fault clean` must not.
 * Built in every build, run as a test where those sanitizers are; elsewhere it is never run. */

static volatile gsize sink; /* keeps the compiler from seeing that the result goes nowhere */

static void
on_item (gpointer item, gpointer user_data)
{
}

/* An inbox that nobody lets go of, and an item that it owns: what a forgotten unref leaves. */
static void
leak (void)
{
  GMainContext *context = g_main_context_new ();
  WherryInbox *inbox = wherry_inbox_new (context, 1, 0, NULL, on_item, NULL, g_free);

  wherry_inbox_post (inbox, g_malloc0 (1234));
  wherry_inbox_close (inbox);
  g_main_context_unref (context);
}

/* One byte past a parser's input, as the prefix tests hold it: exactly its size on the heap. */
static void
read_past_the_end (void)
{
  static const guint8 input[] = { 1, 2, 3 };
  g_autofree guint8 *copy = wherry_exact_copy (input, sizeof input);
  gsize n = sizeof input + (sink & 0);

  sink = copy[n];
}

static void
use_after_free (void)
{
  guint8 *data = g_malloc0 (16);

  g_free (data);
  sink = ((volatile guint8 *) data)[8];
}

static void
use_after_scope (void)
{
  volatile guint8 *outside = NULL;

  {
    volatile guint8 inside[16] = { 0 };

    outside = inside;
  }
  sink = outside[3];
}

static void
overflow (void)
{
  volatile int most = G_MAXINT;

  sink = (gsize) (most + 1);
}

static void
misalign (void)
{
  g_autofree guint8 *data = g_malloc0 (16);
  guint32 *number = (guint32 *) (data + 1 + (sink & 0)); /* volatile would not be checked */

  sink = *number;
}

static void
clean (void)
{
  GMainContext *context = g_main_context_new ();
  WherryInbox *inbox = wherry_inbox_new (context, 1, 0, NULL, on_item, NULL, g_free);

  wherry_inbox_post (inbox, g_malloc0 (1234));
  wherry_inbox_close (inbox);
  wherry_inbox_unref (inbox);
  g_main_context_unref (context);
}

static const struct
{
  const char *name;
  void (*func) (void);
} cases[] = {
  { "leak", leak },
  { "read-past-the-end", read_past_the_end },
  { "use-after-free", use_after_free },
  { "use-after-scope", use_after_scope },
  { "overflow", overflow },
  { "misalign", misalign },
  { "clean", clean },
};

int
main (int argc, char **argv)
{
  for (guint i = 0; argc > 1 && i < G_N_ELEMENTS (cases); i++)
    if (strcmp (argv[1], cases[i].name) == 0)
      {
        cases[i].func ();
        return 0;
      }
  return 2;
}
