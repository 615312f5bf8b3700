/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <glib.h>

/* What `tc netem` does, for kernels without it: two network interfaces, one in this network
 * namespace and one in another, and between them every packet is late and some are lost, by a seed.
 *
 * slow-wire PID NEAR FAR SEED DELAY-MS LOSS: the far interface is made where process PID lives.
 * Says "ready", then takes lines "loss L" (0 to 1) on standard input, and ends with it. */

#define MOST_PACKETS 10000 /* under way, each direction: as much as netem is told */

typedef struct
{
  gint64 due;
  gsize size;
  guint8 data[];
} Packet;

typedef struct
{
  int from;
  int to;
  GQueue under_way;
} Direction;

static GRand *chance;
static gint64 delay_us;
static double loss;

static int
open_interface (const char *name)
{
  struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
  int fd = open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  if (fd < 0 || ioctl (fd, TUNSETIFF, &request) != 0)
    g_error ("interface %s: %s", name, g_strerror (errno));
  return fd;
}

static void
enter_namespace (const char *pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/ns/net", pid);
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0 || setns (fd, CLONE_NEWNET) != 0)
    g_error ("%s: %s", path, g_strerror (errno));
  close (fd);
}

static void
take (Direction *way)
{
  guint8 buffer[65536];
  gssize size;

  while ((size = read (way->from, buffer, sizeof buffer)) > 0)
    {
      Packet *packet;

      if (g_rand_double (chance) < loss || g_queue_get_length (&way->under_way) >= MOST_PACKETS)
        continue;
      packet = g_malloc (sizeof *packet + (gsize) size);
      packet->due = g_get_monotonic_time () + delay_us;
      packet->size = (gsize) size;
      memcpy (packet->data, buffer, packet->size);
      g_queue_push_tail (&way->under_way, packet);
    }
}

/* When the next one is due; -1: there is none. An interface that is down takes nothing: lost. */
static gint64
deliver (Direction *way)
{
  Packet *packet;

  while ((packet = g_queue_peek_head (&way->under_way)) != NULL)
    {
      if (packet->due > g_get_monotonic_time ())
        return packet->due;
      if (write (way->to, packet->data, packet->size) < 0 && errno == EBADF)
        g_error ("a wire without an end");
      g_free (g_queue_pop_head (&way->under_way));
    }
  return -1;
}

static gboolean
obey (void)
{
  char line[64];
  gssize size = read (STDIN_FILENO, line, sizeof line - 1);

  if (size <= 0)
    return FALSE;
  line[size] = '\0';
  if (g_str_has_prefix (line, "loss "))
    loss = g_ascii_strtod (line + 5, NULL);
  return TRUE;
}

static int
wait_ms (gint64 first, gint64 second)
{
  gint64 due = first < 0 || (second >= 0 && second < first) ? second : first;

  if (due < 0)
    return -1;
  return (int) CLAMP ((due - g_get_monotonic_time () + 999) / 1000, 0, 1000);
}

int
main (int argc, char **argv)
{
  Direction ways[2] = { { .under_way = G_QUEUE_INIT }, { .under_way = G_QUEUE_INIT } };
  struct pollfd polls[3];
  gboolean running = TRUE;
  int near;
  int far;

  if (argc != 7)
    g_error ("usage: slow-wire PID NEAR FAR SEED DELAY-MS LOSS");
  prctl (PR_SET_PDEATHSIG, SIGTERM);
  chance = g_rand_new_with_seed ((guint32) g_ascii_strtoull (argv[4], NULL, 10));
  delay_us = g_ascii_strtoll (argv[5], NULL, 10) * 1000;
  loss = g_ascii_strtod (argv[6], NULL);

  near = open_interface (argv[2]);
  enter_namespace (argv[1]);
  far = open_interface (argv[3]);
  ways[0].from = ways[1].to = near;
  ways[0].to = ways[1].from = far;
  polls[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
  polls[1] = (struct pollfd){ .fd = near, .events = POLLIN };
  polls[2] = (struct pollfd){ .fd = far, .events = POLLIN };
  printf ("ready\n");
  fflush (stdout);

  while (running)
    {
      gint64 first = deliver (&ways[0]);
      gint64 second = deliver (&ways[1]);

      if (poll (polls, G_N_ELEMENTS (polls), wait_ms (first, second)) < 0 && errno != EINTR)
        g_error ("poll: %s", g_strerror (errno));
      take (&ways[0]);
      take (&ways[1]);
      if (polls[0].revents != 0)
        running = obey ();
    }
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    g_queue_clear_full (&ways[i].under_way, g_free);
  close (near);
  close (far);
  g_rand_free (chance);
  return 0;
}
