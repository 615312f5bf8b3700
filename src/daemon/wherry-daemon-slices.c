/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include "daemon/wherry-daemon-slices.h"

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

#if !defined(__has_feature)
#define __has_feature(name) 0
#endif

/* The sanitizers begin there too, and have to be first. */
#if defined(__linux__) && defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)                     \
    && !defined(__SANITIZE_THREAD__) && !__has_feature(address_sanitizer)                          \
    && !__has_feature(thread_sanitizer)

static void
use_malloc (void)
{
  g_slice_set_config (G_SLICE_CONFIG_ALWAYS_MALLOC, TRUE);
}

/* GLib takes its first slice when it is loaded, before main() and every constructor of ours: only
 * these functions come before that (System V ABI, "Initialization and Termination Functions"). */
__attribute__ ((section (".preinit_array"), used)) static void (*const before_glib) (void)
    = use_malloc;

#endif

gboolean
wherry_daemon_slices_are_malloc (void)
{
  return glib_check_version (2, 76, 0) == NULL
         || g_slice_get_config (G_SLICE_CONFIG_ALWAYS_MALLOC) != 0;
}

G_GNUC_END_IGNORE_DEPRECATIONS
