/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-bench"

#include "config.h"

#include <errno.h>
#include <string.h>

#include <gnutls/dtls.h>

#include "sctp/wherry-crc32c.h"
#include "sctp/wherry-sctp-options.h"

#include "floor-association.h"

/* The handshake is not measured; the records are those of every browser. GnuTLS takes no list
 * without groups and signatures, which are not used. */
#define PRIORITIES                                                                                 \
  "NONE:+VERS-DTLS1.2:+AES-128-GCM:+PSK:+AEAD:+COMP-NULL:+GROUP-X25519:+SIGN-ECDSA-SHA256"

/* The product's, see src/base/wherry-limits.h and src/sctp/wherry-sctp-options.c. */
#define DTLS_MTU 1200u
#define SEND_BUFFER (64 * 1024)
#define RECEIVE_BUFFER (256 * 1024)
#define RTO_INITIAL_MS 500
#define RTO_MIN_MS 300
/* enough for a case */
#define STREAMS 16
#define PORT 5000
#define PPID_BINARY 53
#define COMMON_HEADER 12u

#define TICK_US 10000
/* usrsctp frees what a timer still referenced 20 ms later */
#define FINISH_TICKS 200

static struct
{
  gnutls_psk_server_credentials_t server;
  gnutls_psk_client_credentials_t client;
  gnutls_priority_t priorities;
  gint64 ticked_us;
} process;

static guint8 psk[] = "0123456789abcdef";

/* ---- out: usrsctp, checksum, record, path ---- */

static int
on_packet_out (void *address, void *data, size_t length, guint8 tos, guint8 set_df)
{
  FloorAssociation *self = address;
  ssize_t sent;

  wherry_crc32c_sign_sctp (data, length);
  sent = gnutls_record_send (self->session, data, length);
  if (sent != (ssize_t) length)
    g_error ("sending a record of %" G_GSIZE_FORMAT " bytes: %" G_GSSIZE_FORMAT, length, sent);
  return 0;
}

static ssize_t
on_push (gnutls_transport_ptr_t ptr, const void *data, size_t length)
{
  FloorAssociation *self = ptr;

  floor_path_add (self->path, data, length);
  return (ssize_t) length;
}

/* ---- in: path, record, usrsctp ---- */

static ssize_t
on_pull (gnutls_transport_ptr_t ptr, void *data, size_t size)
{
  FloorAssociation *self = ptr;
  gsize length = MIN (size, self->in_length);

  if (self->in == NULL)
    {
      gnutls_transport_set_errno (self->session, EAGAIN);
      return -1;
    }
  memcpy (data, self->in, length);
  self->in = NULL;
  return (ssize_t) length;
}

static int
on_pull_timeout (gnutls_transport_ptr_t ptr, unsigned int ms)
{
  FloorAssociation *self = ptr;

  return self->in != NULL ? 1 : 0;
}

static void
set (struct socket *so, int level, int option, const void *value, gsize length)
{
  if (usrsctp_setsockopt (so, level, option, value, (socklen_t) length) != 0)
    g_error ("SCTP option %d: %s", option, g_strerror (errno));
}

static struct sockaddr_conn
make_address (gpointer address)
{
  return (struct sockaddr_conn){ .sconn_family = AF_CONN,
                                 .sconn_port = htons (PORT),
                                 .sconn_addr = address };
}

static void
connect_sctp (FloorAssociation *self)
{
  struct sockaddr_conn address = make_address (self);

  if (usrsctp_connect (self->so, (struct sockaddr *) &address, sizeof address) != 0
      && errno != EINPROGRESS)
    g_error ("SCTP connect: %s", g_strerror (errno));
}

static void
handshake (FloorAssociation *self)
{
  int result = gnutls_handshake (self->session);

  if (result == 0)
    {
      self->secure = TRUE;
      connect_sctp (self);
    }
  else if (gnutls_error_is_fatal (result))
    g_error ("DTLS handshake: %s", gnutls_strerror (result));
}

static void
on_packet_in (gpointer user_data, const guint8 *data, gsize length)
{
  FloorAssociation *self = user_data;
  guint8 record[DTLS_MTU];
  ssize_t result;

  self->in = data;
  self->in_length = length;
  self->came = TRUE;
  if (!self->secure)
    handshake (self);
  while (self->secure && self->in != NULL)
    {
      result = gnutls_record_recv (self->session, record, sizeof record);
      if (result > 0)
        usrsctp_conninput (self, record, (gsize) result, 0);
      else if (result != GNUTLS_E_AGAIN)
        g_error ("DTLS record: %s", gnutls_strerror ((int) result));
    }
  self->in = NULL;
}

void
floor_association_take (FloorAssociation *self)
{
  while (floor_path_receive (self->path, on_packet_in, self))
    ;
}

/* ---- making and ending one ---- */

static void
init_dtls (FloorAssociation *self, gboolean is_client)
{
  int result = gnutls_init (&self->session, GNUTLS_DATAGRAM | GNUTLS_NONBLOCK
                                                | (is_client ? GNUTLS_CLIENT : GNUTLS_SERVER));

  if (result == 0)
    result = gnutls_priority_set (self->session, process.priorities);
  if (result == 0)
    result = gnutls_credentials_set (self->session, GNUTLS_CRD_PSK,
                                     is_client ? (void *) process.client : process.server);
  if (result != 0)
    g_error ("DTLS session: %s", gnutls_strerror (result));
  gnutls_transport_set_ptr (self->session, self);
  gnutls_transport_set_push_function (self->session, on_push);
  gnutls_transport_set_pull_function (self->session, on_pull);
  gnutls_transport_set_pull_timeout_function (self->session, on_pull_timeout);
  gnutls_dtls_set_mtu (self->session, DTLS_MTU);
}

static void
init_sctp (FloorAssociation *self)
{
  struct sockaddr_conn address = make_address (self);
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };
  struct sctp_initmsg init = { .sinit_num_ostreams = STREAMS, .sinit_max_instreams = STREAMS };
  struct sctp_rtoinfo rto = { .srto_assoc_id = SCTP_FUTURE_ASSOC,
                              .srto_initial = RTO_INITIAL_MS,
                              .srto_min = RTO_MIN_MS };
  int send_buffer = SEND_BUFFER;
  int receive_buffer = RECEIVE_BUFFER;
  int on = 1;

  usrsctp_register_address (self);
  self->so = usrsctp_socket (AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
  if (self->so == NULL || usrsctp_set_non_blocking (self->so, 1) != 0)
    g_error ("SCTP socket: %s", g_strerror (errno));
  set (self->so, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  set (self->so, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  set (self->so, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  set (self->so, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
  set (self->so, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init);
  set (self->so, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof rto);
  if (usrsctp_bind (self->so, (struct sockaddr *) &address, sizeof address) != 0)
    g_error ("SCTP bind: %s", g_strerror (errno));
}

void
floor_association_init (FloorAssociation *self, FloorPath *path, gboolean is_client)
{
  *self = (FloorAssociation){ .path = path, .part = g_byte_array_new () };
  init_dtls (self, is_client);
  init_sctp (self);
}

void
floor_association_clear (FloorAssociation *self)
{
  usrsctp_close (self->so);
  usrsctp_deregister_address (self);
  floor_path_flush ();
  gnutls_deinit (self->session);
  g_byte_array_unref (self->part);
}

gboolean
floor_association_establish (FloorAssociation *self)
{
  struct sctp_status status = { 0 };
  socklen_t length = sizeof status;
  struct sockaddr_conn address = make_address (self);
  struct sctp_paddrparams path
      = { .spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE,
          .spp_pathmtu
          = (gnutls_dtls_get_data_mtu (self->session) - COMMON_HEADER) & ~G_GUINT64_CONSTANT (3) };

  if (!self->secure)
    handshake (self);
  if (!self->secure
      || usrsctp_getsockopt (self->so, IPPROTO_SCTP, SCTP_STATUS, &status, &length) != 0
      || status.sstat_state != SCTP_ESTABLISHED)
    return FALSE;
  memcpy (&path.spp_address, &address, sizeof address);
  set (self->so, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
  return TRUE;
}

/* ---- messages ---- */

void
floor_association_set_bundling (FloorAssociation *self, gboolean on)
{
  int nodelay = !on;

  if (self->bundling == on)
    return;
  self->bundling = on;
  set (self->so, IPPROTO_SCTP, SCTP_NODELAY, &nodelay, sizeof nodelay);
}

gboolean
floor_association_send (FloorAssociation *self, const guint8 *data, gsize length)
{
  struct sctp_sndinfo info = { .snd_ppid = htonl (PPID_BINARY) };
  ssize_t sent
      = usrsctp_sendv (self->so, data, length, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0);

  if (sent == (ssize_t) length)
    return TRUE;
  if (sent > 0 || (sent < 0 && errno != EAGAIN))
    g_error ("SCTP send: %" G_GSSIZE_FORMAT ", %s", sent, g_strerror (errno));
  return FALSE;
}

gsize
floor_association_receive (FloorAssociation *self, guint8 *data, gsize size)
{
  gsize length = self->part->len;
  unsigned int type;
  int flags = 0;

  if (length > 0)
    memcpy (data, self->part->data, length);
  while ((flags & MSG_EOR) == 0)
    {
      struct sctp_rcvinfo info;
      socklen_t info_length = sizeof info;
      ssize_t received = usrsctp_recvv (self->so, data + length, size - length, NULL, NULL, &info,
                                        &info_length, &type, &flags);

      if (received > 0)
        {
          length += (gsize) received;
          continue;
        }
      if (received == 0 || errno != EAGAIN)
        g_error ("SCTP receive: %s", g_strerror (errno));
      if (length > self->part->len)
        g_byte_array_append (self->part, data + self->part->len,
                             (guint) (length - self->part->len));
      return 0;
    }
  g_byte_array_set_size (self->part, 0);
  return length;
}

/* ---- the process ---- */

static int
on_psk (gnutls_session_t session, const char *name, gnutls_datum_t *key)
{
  key->size = sizeof psk;
  key->data = gnutls_malloc (sizeof psk);
  memcpy (key->data, psk, sizeof psk);
  return 0;
}

static void
make_credentials (void)
{
  gnutls_datum_t key = { psk, sizeof psk };

  if (gnutls_priority_init (&process.priorities, PRIORITIES, NULL) != 0
      || gnutls_psk_allocate_server_credentials (&process.server) != 0
      || gnutls_psk_allocate_client_credentials (&process.client) != 0
      || gnutls_psk_set_client_credentials (process.client, "floor", &key, GNUTLS_PSK_KEY_RAW) != 0)
    g_error ("DTLS credentials");
  gnutls_psk_set_server_credentials_function (process.server, on_psk);
}

void
floor_association_start_process (void)
{
  make_credentials ();
  usrsctp_init_nothreads (0, on_packet_out, NULL);
  wherry_sctp_options_process (); /* the product's switches */
  process.ticked_us = g_get_monotonic_time ();
}

void
floor_association_end_process (void)
{
  for (guint i = 0; i < FINISH_TICKS && usrsctp_finish () != 0; i++)
    {
      g_usleep (TICK_US / 10); /* as wherry_sctp_runtime_shutdown() waits */
      usrsctp_handle_timers (TICK_US / 1000);
    }
  g_clear_pointer (&process.priorities, gnutls_priority_deinit);
  g_clear_pointer (&process.server, gnutls_psk_free_server_credentials);
  g_clear_pointer (&process.client, gnutls_psk_free_client_credentials);
}

void
floor_association_tick (void)
{
  gint64 elapsed_us = g_get_monotonic_time () - process.ticked_us;

  if (elapsed_us < TICK_US)
    return;
  /* what is below a millisecond counts the next time */
  process.ticked_us += elapsed_us / 1000 * 1000;
  usrsctp_handle_timers ((guint32) (elapsed_us / 1000));
  floor_path_flush ();
}
