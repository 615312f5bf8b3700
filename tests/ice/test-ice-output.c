/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>
#include <sys/socket.h>

#include "base/wherry-limits.h"
#include "ice/wherry-ice-output.h"

/* Two UDP sockets: what the output sends over one comes from the other, packet by packet. */

#define PACKETS_MAX 400u

typedef struct
{
  GSocket *ours;
  GSocket *theirs;
  WherryIceOutput output;
  guint8 *bytes;
  GOutputVector packets[PACKETS_MAX];
  guint n;
} Fixture;

static GSocket *
bind_socket (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  GSocket *socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  g_socket_bind (socket, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_option (socket, SOL_SOCKET, SO_RCVBUF, (int) WHERRY_MIB, NULL);
  g_socket_set_option (socket, SOL_SOCKET, SO_SNDBUF, (int) WHERRY_MIB, NULL);
  return socket;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketAddress) address = NULL;
  struct sockaddr_storage remote = { 0 };

  self->ours = bind_socket ();
  self->theirs = bind_socket ();
  address = g_socket_get_local_address (self->theirs, NULL);
  g_assert_true (g_socket_address_to_native (address, &remote, sizeof remote, NULL));
  wherry_ice_output_set_socket (&self->output, self->ours, &remote,
                                (socklen_t) g_socket_address_get_native_size (address));
  self->bytes = g_malloc (PACKETS_MAX * WHERRY_MTU);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  wherry_ice_output_clear (&self->output);
  g_assert_finalize_object (self->ours);
  g_assert_finalize_object (self->theirs);
  g_free (self->bytes);
}

static void
add (Fixture *self, guint n, gsize size)
{
  for (guint i = 0; i < n; i++)
    {
      guint8 *packet = self->bytes + self->n * WHERRY_MTU;

      memset (packet, (int) (self->n & 0xff), size);
      self->packets[self->n++] = (GOutputVector){ packet, size };
    }
}

static void
send_and_receive (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  char buffer[2 * WHERRY_MTU];

  g_assert_cmpuint (
      wherry_ice_output_send (&self->output, NULL, 0, self->packets, self->n, NULL).packets, ==, 0);
  for (guint i = 0; i < self->n; i++)
    {
      gssize length;

      g_socket_condition_wait (self->theirs, G_IO_IN, NULL, &error);
      g_assert_no_error (error);
      length = g_socket_receive (self->theirs, buffer, sizeof buffer, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (buffer, (gsize) length, self->packets[i].buffer, self->packets[i].size);
    }
  self->n = 0;
}

/* Whole runs, runs with a short end, runs that grow, and more than a run or a call takes. */
static void
add_all_kinds (Fixture *self)
{
  add (self, 1, 40);
  add (self, 70, 1200);
  add (self, 1, 300);
  add (self, 2, 1200);
  add (self, 1, 1199);
  add (self, 1, 1);
  for (gsize size = 1; size <= 40; size++)
    add (self, 1, size);
  for (gsize size = 40; size > 0; size--)
    add (self, 1, size);
  add (self, 130, 65);
}

static void
test_in_segments (Fixture *self, gconstpointer data)
{
  add_all_kinds (self);
  send_and_receive (self);
  g_assert_false (self->output.no_segments);
}

/* The kernel takes no segments where it makes no checksums: nothing is lost by that. */
static void
test_without_segments (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_socket_set_option (self->ours, SOL_SOCKET, SO_NO_CHECK, 1, &error);
  g_assert_no_error (error);
  add_all_kinds (self);
  send_and_receive (self);
  g_assert_true (self->output.no_segments);
  add_all_kinds (self);
  send_and_receive (self);
}

/* A packet that cannot be sent is lost by itself. */
static void
test_lost (Fixture *self, gconstpointer data)
{
  g_autofree guint8 *giant = g_malloc0 (70000);
  WherryIceLost lost;

  self->packets[0] = (GOutputVector){ giant, 70000 };
  lost = wherry_ice_output_send (&self->output, NULL, 0, self->packets, 1, NULL);
  g_assert_cmpuint (lost.packets, ==, 1);
  g_assert_cmpuint (lost.bytes, ==, 70000);
  add (self, 3, 100);
  send_and_receive (self);
}

static void
test_closed_socket (Fixture *self, gconstpointer data)
{
  g_socket_close (self->ours, NULL);
  add (self, 5, 100);
  g_assert_cmpuint (
      wherry_ice_output_send (&self->output, NULL, 0, self->packets, self->n, NULL).packets, ==, 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define OUTPUT_TEST(path, func)                                                                    \
  g_test_add ("/ice-output/" path, Fixture, NULL, set_up, func, tear_down)
  OUTPUT_TEST ("in-segments", test_in_segments);
  OUTPUT_TEST ("without-segments", test_without_segments);
  OUTPUT_TEST ("lost", test_lost);
  OUTPUT_TEST ("closed-socket", test_closed_socket);
  return g_test_run ();
}
