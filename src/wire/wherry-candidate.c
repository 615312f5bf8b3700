/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-candidate.h"
#include "wire/wherry-sdp-text.h"

/* RFC 8839 section 5.1:
 *
 *   candidate:foundation SP component SP transport SP priority SP address SP port SP "typ" SP type
 *     [SP "raddr" SP address] [SP "rport" SP port] *(SP name SP value)
 *
 * RFC 6544 section 4.5 adds "tcptype"; RFC 8839 section 5.4's ufrag comes as an extension from the
 * W3C API. Literals are taken in either case: ABNF says so, and stacks differ. */

/* RFC 8839 section 5.1: foundation = 1*32ice-char */
#define FOUNDATION_MAX 32u
/* RFC 8445 section 5.1.2: a priority is positive and below 2^31 */
#define PRIORITY_MAX G_MAXINT32
#define PORT_MAX G_MAXUINT16
/* RFC 1035 section 3.1 */
#define HOST_NAME_MAX_LENGTH 253u
#define HOST_LABEL_MAX_LENGTH 63u

typedef enum
{
  ADDRESS_INVALID,
  ADDRESS_LITERAL,
  ADDRESS_MDNS,
  ADDRESS_NAME,
} AddressKind;

static const char *const transport_names[] = { "udp", "tcp" };
static const char *const type_names[] = { "host", "srflx", "prflx", "relay" };
static const char *const tcp_type_names[] = { "", "active", "passive", "so" };

static gboolean
lookup (WherrySdpText text, const char *const *names, guint n_names, guint *out)
{
  for (guint i = 0; i < n_names; i++)
    if (names[i][0] != '\0' && wherry_sdp_text_equal_nocase (text, names[i]))
      {
        *out = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
fail (GError **error, WherryError code, const char *message)
{
  g_set_error (error, WHERRY_ERROR, code, "candidate: %s", message);
  return FALSE;
}

static gboolean
is_literal (const char *string)
{
  guint8 parsed[sizeof (struct in6_addr)];

  return inet_pton (AF_INET, string, parsed) == 1 || inet_pton (AF_INET6, string, parsed) == 1;
}

/* Letters, digits, "-" and "_" in labels of 1 to 63; a last label of digits alone would be a
 * malformed IPv4 address. */
static gboolean
is_host_name (WherrySdpText text)
{
  WherrySdpText label = { 0 };
  gboolean has_letter = FALSE;

  if (text.length == 0 || text.length > HOST_NAME_MAX_LENGTH)
    return FALSE;
  while (wherry_sdp_text_next (&text, '.', &label))
    {
      if (label.length == 0 || label.length > HOST_LABEL_MAX_LENGTH)
        return FALSE;
      has_letter = FALSE;
      for (gsize i = 0; i < label.length; i++)
        {
          if (!g_ascii_isalnum (label.data[i]) && label.data[i] != '-' && label.data[i] != '_')
            return FALSE;
          has_letter = has_letter || !g_ascii_isdigit (label.data[i]);
        }
    }
  return has_letter;
}

static AddressKind
classify_address (WherrySdpText text)
{
  static const char suffix[] = ".local";
  const gsize suffix_length = sizeof suffix - 1;
  g_autofree char *string = NULL;

  if (text.length == 0 || text.length > HOST_NAME_MAX_LENGTH
      || !wherry_sdp_text_is_printable (text))
    return ADDRESS_INVALID;
  string = wherry_sdp_text_dup (text);
  if (is_literal (string))
    return ADDRESS_LITERAL;
  if (!is_host_name (text))
    return ADDRESS_INVALID;
  if (text.length > suffix_length
      && g_ascii_strcasecmp (string + text.length - suffix_length, suffix) == 0)
    return ADDRESS_MDNS;
  return ADDRESS_NAME;
}

static gboolean
parse_address (WherryCandidate *self, WherrySdpText text, GError **error)
{
  switch (classify_address (text))
    {
    case ADDRESS_LITERAL:
      break;
    case ADDRESS_MDNS:
      self->is_mdns = TRUE;
      break;
    case ADDRESS_NAME:
      return fail (error, WHERRY_ERROR_UNSUPPORTED, "a host name that is not .local");
    case ADDRESS_INVALID:
    default:
      return fail (error, WHERRY_ERROR_PROTOCOL, "the address is neither IPv4, IPv6 nor a name");
    }
  self->address = wherry_sdp_text_dup (text);
  return TRUE;
}

/* Everything up to and with the type. What is unsupported is remembered in *unsupported and said
 * only when the rest is well formed. */
static gboolean
parse_fixed (WherryCandidate *self, WherrySdpText *rest, const char **unsupported, GError **error)
{
  WherrySdpText foundation = { 0 }, component = { 0 }, transport = { 0 }, priority = { 0 };
  WherrySdpText address = { 0 }, port = { 0 }, typ = { 0 }, type = { 0 };
  guint64 number = 0;
  guint found = 0;

  if (!wherry_sdp_text_next (rest, ' ', &foundation)
      || !wherry_sdp_text_next (rest, ' ', &component)
      || !wherry_sdp_text_next (rest, ' ', &transport)
      || !wherry_sdp_text_next (rest, ' ', &priority) || !wherry_sdp_text_next (rest, ' ', &address)
      || !wherry_sdp_text_next (rest, ' ', &port) || !wherry_sdp_text_next (rest, ' ', &typ)
      || !wherry_sdp_text_next (rest, ' ', &type))
    return fail (error, WHERRY_ERROR_PROTOCOL, "fields are missing");

  if (!wherry_sdp_text_is_ice_chars (foundation, 1, FOUNDATION_MAX))
    return fail (error, WHERRY_ERROR_PROTOCOL, "the foundation is not 1 to 32 ICE characters");
  self->foundation = wherry_sdp_text_dup (foundation);

  /* RFC 8839 section 5.1: component-id = 1*3DIGIT, 1 to 256 */
  if (!wherry_sdp_text_to_uint (component, 256, &number) || number == 0)
    return fail (error, WHERRY_ERROR_PROTOCOL, "the component is not 1 to 256");
  self->component = (guint) number;
  if (number != 1)
    *unsupported = "a component other than 1";

  if (!wherry_sdp_text_is_token (transport))
    return fail (error, WHERRY_ERROR_PROTOCOL, "the transport is not a token");
  if (lookup (transport, transport_names, G_N_ELEMENTS (transport_names), &found))
    self->transport = (WherryCandidateTransport) found;
  else
    *unsupported = "a transport that is neither UDP nor TCP";

  if (!wherry_sdp_text_to_uint (priority, PRIORITY_MAX, &number) || number == 0)
    return fail (error, WHERRY_ERROR_PROTOCOL, "the priority is not 1 to 2147483647");
  self->priority = (guint32) number;

  if (!wherry_sdp_text_to_uint (port, PORT_MAX, &number))
    return fail (error, WHERRY_ERROR_PROTOCOL, "the port is not 0 to 65535");
  self->port = (guint16) number;

  if (!wherry_sdp_text_equal_nocase (typ, "typ") || !wherry_sdp_text_is_token (type))
    return fail (error, WHERRY_ERROR_PROTOCOL, "no type");
  if (lookup (type, type_names, G_N_ELEMENTS (type_names), &found))
    self->type = (WherryCandidateType) found;
  else
    *unsupported = "an unknown type";
  return parse_address (self, address, error);
}

static gboolean
parse_extension (WherryCandidate *self, WherrySdpText name, WherrySdpText value,
                 gboolean *has_rport, GError **error)
{
  guint64 number = 0;
  guint found = 0;

  if (wherry_sdp_text_equal_nocase (name, "raddr"))
    {
      if (self->related_address != NULL || classify_address (value) == ADDRESS_INVALID)
        return fail (error, WHERRY_ERROR_PROTOCOL, "a malformed or second related address");
      self->related_address = wherry_sdp_text_dup (value);
    }
  else if (wherry_sdp_text_equal_nocase (name, "rport"))
    {
      if (*has_rport || !wherry_sdp_text_to_uint (value, PORT_MAX, &number))
        return fail (error, WHERRY_ERROR_PROTOCOL, "a malformed or second related port");
      *has_rport = TRUE;
      self->related_port = (guint16) number;
    }
  else if (wherry_sdp_text_equal_nocase (name, "tcptype")
           && self->transport == WHERRY_CANDIDATE_TRANSPORT_TCP)
    {
      if (self->tcp_type != WHERRY_CANDIDATE_TCP_NONE
          || !lookup (value, tcp_type_names, G_N_ELEMENTS (tcp_type_names), &found))
        return fail (error, WHERRY_ERROR_PROTOCOL, "a malformed or second TCP type");
      self->tcp_type = (WherryCandidateTcpType) found;
    }
  else if (wherry_sdp_text_equal_nocase (name, "ufrag"))
    {
      if (self->ufrag != NULL || !wherry_sdp_text_is_ice_chars (value, 4, 256))
        return fail (error, WHERRY_ERROR_PROTOCOL, "a malformed or second user fragment");
      self->ufrag = wherry_sdp_text_dup (value);
    }
  return TRUE;
}

static gboolean
is_known_extension (const WherryCandidate *self, WherrySdpText name)
{
  return wherry_sdp_text_equal_nocase (name, "raddr")
         || wherry_sdp_text_equal_nocase (name, "rport")
         || wherry_sdp_text_equal_nocase (name, "ufrag")
         || (wherry_sdp_text_equal_nocase (name, "tcptype")
             && self->transport == WHERRY_CANDIDATE_TRANSPORT_TCP);
}

static gboolean
parse_extensions (WherryCandidate *self, WherrySdpText rest, GError **error)
{
  g_autoptr (GString) others = g_string_new (NULL);
  WherrySdpText name, value;
  gboolean has_rport = FALSE;

  while (wherry_sdp_text_next (&rest, ' ', &name))
    {
      if (!wherry_sdp_text_is_token (name))
        return fail (error, WHERRY_ERROR_PROTOCOL, "an extension without a name");
      /* the value may be empty, but not the space before it (RFC 8839 section 5.1) */
      if (!wherry_sdp_text_next (&rest, ' ', &value) || !wherry_sdp_text_is_printable (value))
        return fail (error, WHERRY_ERROR_PROTOCOL, "an extension without a value");
      if (!parse_extension (self, name, value, &has_rport, error))
        return FALSE;
      if (is_known_extension (self, name))
        continue;
      if (others->len > 0)
        g_string_append_c (others, ' ');
      g_string_append_len (others, name.data, (gssize) name.length);
      g_string_append_c (others, ' ');
      g_string_append_len (others, value.data, (gssize) value.length);
    }
  if (has_rport != (self->related_address != NULL))
    return fail (error, WHERRY_ERROR_PROTOCOL, "one of related address and port alone");
  if (others->len > 0)
    self->extensions = g_strdup (others->str);
  return TRUE;
}

WherryCandidate *
wherry_candidate_parse (const char *data, gsize length, GError **error)
{
  g_autoptr (WherryCandidate) self = NULL;
  WherrySdpText rest = { data, length };
  const char *unsupported = NULL;

  if (length > WHERRY_CANDIDATE_LINE_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "candidate: longer than %u bytes",
                   WHERRY_CANDIDATE_LINE_MAX);
      return NULL;
    }
  if (length == 0)
    {
      fail (error, WHERRY_ERROR_PROTOCOL, "empty");
      return NULL;
    }
  wherry_sdp_text_skip (&rest, "a=");
  wherry_sdp_text_skip (&rest, "candidate:");

  self = g_new0 (WherryCandidate, 1);
  if (!parse_fixed (self, &rest, &unsupported, error) || !parse_extensions (self, rest, error))
    return NULL;
  if (unsupported != NULL)
    {
      fail (error, WHERRY_ERROR_UNSUPPORTED, unsupported);
      return NULL;
    }
  if (self->transport == WHERRY_CANDIDATE_TRANSPORT_TCP
      && self->tcp_type == WHERRY_CANDIDATE_TCP_NONE)
    {
      fail (error, WHERRY_ERROR_PROTOCOL, "TCP without tcptype (RFC 6544 section 4.5)");
      return NULL;
    }
  return g_steal_pointer (&self);
}

WherryCandidate *
wherry_candidate_new (const char *foundation, WherryCandidateTransport transport, guint32 priority,
                      const char *address, guint16 port, WherryCandidateType type,
                      WherryCandidateTcpType tcp_type)
{
  WherryCandidate *self = g_new0 (WherryCandidate, 1);

  self->foundation = g_strdup (foundation);
  self->component = 1;
  self->transport = transport;
  self->priority = priority;
  self->address = g_strdup (address);
  self->port = port;
  self->type = type;
  self->tcp_type = tcp_type;
  return self;
}

char *
wherry_candidate_to_string (const WherryCandidate *self)
{
  GString *string = g_string_new ("candidate:");

  g_string_append_printf (string, "%s %u %s %u %s %u typ %s", self->foundation, self->component,
                          wherry_candidate_transport_to_string (self->transport), self->priority,
                          self->address, self->port, wherry_candidate_type_to_string (self->type));
  if (self->related_address != NULL)
    g_string_append_printf (string, " raddr %s rport %u", self->related_address,
                            self->related_port);
  if (self->tcp_type != WHERRY_CANDIDATE_TCP_NONE)
    g_string_append_printf (string, " tcptype %s",
                            wherry_candidate_tcp_type_to_string (self->tcp_type));
  if (self->ufrag != NULL)
    g_string_append_printf (string, " ufrag %s", self->ufrag);
  if (self->extensions != NULL)
    g_string_append_printf (string, " %s", self->extensions);
  return g_string_free (string, FALSE);
}

WherryCandidate *
wherry_candidate_copy (const WherryCandidate *self)
{
  WherryCandidate *copy = g_memdup2 (self, sizeof *self);

  copy->foundation = g_strdup (self->foundation);
  copy->address = g_strdup (self->address);
  copy->related_address = g_strdup (self->related_address);
  copy->ufrag = g_strdup (self->ufrag);
  copy->extensions = g_strdup (self->extensions);
  return copy;
}

void
wherry_candidate_free (WherryCandidate *self)
{
  if (self == NULL)
    return;
  g_free (self->foundation);
  g_free (self->address);
  g_free (self->related_address);
  g_free (self->ufrag);
  g_free (self->extensions);
  g_free (self);
}

const char *
wherry_candidate_transport_to_string (WherryCandidateTransport transport)
{
  g_return_val_if_fail ((guint) transport < G_N_ELEMENTS (transport_names), "");
  return transport_names[transport];
}

const char *
wherry_candidate_type_to_string (WherryCandidateType type)
{
  g_return_val_if_fail ((guint) type < G_N_ELEMENTS (type_names), "");
  return type_names[type];
}

const char *
wherry_candidate_tcp_type_to_string (WherryCandidateTcpType tcp_type)
{
  g_return_val_if_fail ((guint) tcp_type < G_N_ELEMENTS (tcp_type_names), "");
  return tcp_type_names[tcp_type];
}
