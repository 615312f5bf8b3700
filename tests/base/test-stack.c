/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/wherry-stack.h"

#define DEEP_PAGES 64u

typedef struct
{
  gsize before;
  gsize after;
  gboolean given;
  guint kept;
} Seen;

/* Of the 2 * DEEP_PAGES below here, those that there are. */
static gsize
count_pages (void)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  guintptr end = (guintptr) __builtin_frame_address (0) & ~(page - 1);
  guint8 there[2 * DEEP_PAGES] = { 0 };
  gsize n = 0;

  g_assert_cmpint (mincore ((gpointer) (end - sizeof there * page), sizeof there * page, there), ==,
                   0);
  for (gsize i = 0; i < sizeof there; i++)
    n += there[i] & 1;
  return n;
}

/* AddressSanitizer would have the array on a stack of its own. */
static __attribute__ ((noinline, no_sanitize_address)) guint
go_deep (guint left)
{
  volatile guint8 frame[4096];

  frame[left % sizeof frame] = (guint8) left;
  return left > 0 ? go_deep (left - 1) + frame[left % sizeof frame] : 0;
}

static gpointer
thread_main (gpointer data)
{
  volatile guint32 kept = 0x12345678;
  Seen *seen = data;

  go_deep (DEEP_PAGES);
  seen->before = count_pages ();
  seen->given = wherry_stack_give_back ();
  seen->after = count_pages ();
  seen->kept = kept;
  go_deep (DEEP_PAGES); /* and it can be used again */
  return NULL;
}

static void
test_give_back (void)
{
  Seen seen = { 0 };

  g_thread_join (g_thread_new ("stack", thread_main, &seen));
  g_assert_true (seen.given);
  g_assert_cmpuint (seen.before, >=, DEEP_PAGES);
  g_assert_cmpuint (seen.after, <=, 8);
  g_assert_cmpuint (seen.kept, ==, 0x12345678);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stack/give-back", test_give_back);
  return g_test_run ();
}
