/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <math.h>

#include "lib/stats-table.h"

typedef enum
{
  FIGURE,
  ATTRIBUTE,
  /* Seen with one value only, and not there before it is known. The reason stands in the table. */
  CONSTANT,
} Kind;

typedef struct
{
  const char *type;
  const char *member;
  Kind kind;
  const char *why; /* of a constant */
  /* what was seen */
  GHashTable *values;
  guint n_compared;
  GString *comparisons;
} Row;

/* tests/lib/stats-members.py reads this table. */
static Row rows[] = {
  { "peer-connection", "dataChannelsOpened", FIGURE },
  { "peer-connection", "dataChannelsClosed", FIGURE },
  { "data-channel", "label", ATTRIBUTE },
  { "data-channel", "protocol", ATTRIBUTE },
  { "data-channel", "dataChannelIdentifier", ATTRIBUTE },
  { "data-channel", "state", ATTRIBUTE },
  { "data-channel", "messagesSent", FIGURE },
  { "data-channel", "bytesSent", FIGURE },
  { "data-channel", "messagesReceived", FIGURE },
  { "data-channel", "bytesReceived", FIGURE },
  { "transport", "packetsSent", FIGURE },
  { "transport", "packetsReceived", FIGURE },
  { "transport", "bytesSent", FIGURE },
  { "transport", "bytesReceived", FIGURE },
  { "transport", "iceRole", ATTRIBUTE },
  { "transport", "iceLocalUsernameFragment", ATTRIBUTE },
  { "transport", "iceState", ATTRIBUTE },
  { "transport", "dtlsState", ATTRIBUTE },
  { "transport", "dtlsRole", ATTRIBUTE },
  { "transport", "tlsVersion", CONSTANT, "only DTLS 1.2 is spoken" },
  { "transport", "dtlsCipher", CONSTANT, "both ends prefer the same one" },
  { "transport", "selectedCandidatePairId", ATTRIBUTE },
  { "transport", "selectedCandidatePairChanges", FIGURE },
  { "transport", "localCertificateId", ATTRIBUTE },
  { "transport", "remoteCertificateId", ATTRIBUTE },
  { "candidate-pair", "transportId", ATTRIBUTE },
  { "candidate-pair", "localCandidateId", ATTRIBUTE },
  { "candidate-pair", "remoteCandidateId", ATTRIBUTE },
  { "candidate-pair", "state", ATTRIBUTE },
  { "candidate-pair", "nominated", CONSTANT, "only a nominated pair is selected" },
  { "candidate-pair", "packetsSent", FIGURE },
  { "candidate-pair", "packetsReceived", FIGURE },
  { "candidate-pair", "bytesSent", FIGURE },
  { "candidate-pair", "bytesReceived", FIGURE },
  { "candidate-pair", "packetsDiscardedOnSend", FIGURE },
  { "candidate-pair", "lastPacketSentTimestamp", FIGURE },
  { "candidate-pair", "lastPacketReceivedTimestamp", FIGURE },
  { "local-candidate", "transportId", ATTRIBUTE },
  { "local-candidate", "address", ATTRIBUTE },
  { "local-candidate", "port", FIGURE },
  { "local-candidate", "protocol", ATTRIBUTE },
  { "local-candidate", "candidateType", ATTRIBUTE },
  { "local-candidate", "priority", FIGURE },
  { "local-candidate", "foundation", ATTRIBUTE },
  { "local-candidate", "usernameFragment", ATTRIBUTE },
  { "local-candidate", "relatedAddress", CONSTANT, "hidden where a relayed one is selected" },
  { "local-candidate", "relatedPort", FIGURE },
  { "local-candidate", "tcpType", ATTRIBUTE },
  { "local-candidate", "url", ATTRIBUTE },
  { "local-candidate", "relayProtocol", ATTRIBUTE },
  { "remote-candidate", "transportId", ATTRIBUTE },
  { "remote-candidate", "address", ATTRIBUTE },
  { "remote-candidate", "port", FIGURE },
  { "remote-candidate", "protocol", ATTRIBUTE },
  { "remote-candidate", "candidateType", ATTRIBUTE },
  { "remote-candidate", "priority", FIGURE },
  { "remote-candidate", "foundation", ATTRIBUTE },
  { "remote-candidate", "usernameFragment", ATTRIBUTE },
  { "remote-candidate", "relatedAddress", ATTRIBUTE },
  { "remote-candidate", "relatedPort", FIGURE },
  { "remote-candidate", "tcpType", ATTRIBUTE },
  { "certificate", "fingerprint", ATTRIBUTE },
  { "certificate", "fingerprintAlgorithm", CONSTANT, "certificates are named by SHA-256" },
  { "certificate", "base64Certificate", ATTRIBUTE },
  { "sctp-transport", "transportId", ATTRIBUTE },
  { "sctp-transport", "smoothedRoundTripTime", FIGURE },
  { "sctp-transport", "congestionWindow", FIGURE },
  { "sctp-transport", "receiverWindow", FIGURE },
  { "sctp-transport", "mtu", FIGURE },
  { "sctp-transport", "unackData", FIGURE },
};

static Row *
find_row (const char *type, const char *member)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_equal (rows[i].type, type) && g_str_equal (rows[i].member, member))
      {
        if (rows[i].values == NULL)
          {
            rows[i].values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
            rows[i].comparisons = g_string_new (NULL);
          }
        return &rows[i];
      }
  g_error ("%s of a %s is in no table", member, type);
}

static void
see_one (GVariant *members)
{
  const char *type = NULL;
  const char *name = NULL;
  GVariantIter iter;
  GVariant *value = NULL;

  g_assert_true (g_variant_lookup (members, "type", "&s", &type));
  g_variant_iter_init (&iter, members);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    if (!g_str_equal (name, "id") && !g_str_equal (name, "type")
        && !g_str_equal (name, "timestamp"))
      g_hash_table_add (find_row (type, name)->values, g_variant_print (value, FALSE));
}

void
stats_table_see (WherryStatsReport *report)
{
  g_autoptr (GVariant) all = wherry_stats_report_to_variant (report);
  GVariantIter iter;
  GVariant *members = NULL;

  g_variant_iter_init (&iter, all);
  while (g_variant_iter_loop (&iter, "{&s@a{sv}}", NULL, &members))
    see_one (members);
}

void
stats_table_compare (const char *type, const char *member, double reported, double counted,
                     double tolerance, const char *how)
{
  Row *row = find_row (type, member);

  g_assert_cmpint (row->kind, ==, FIGURE);
  if (fabs (reported - counted) > tolerance)
    g_error ("%s of a %s is %g, and %s counted %g (within %g)", member, type, reported, how,
             counted, tolerance);
  row->n_compared += counted != 0 ? 1 : 0;
  g_string_append_printf (row->comparisons, "%s%.10g = %.10g of %s",
                          row->comparisons->len > 0 ? ", " : "", reported, counted, how);
}

static char *
list_values (Row *row)
{
  GHashTableIter iter;
  gpointer key = NULL;
  GString *list = g_string_new (NULL);
  guint n = 0;

  g_hash_table_iter_init (&iter, row->values);
  while (g_hash_table_iter_next (&iter, &key, NULL) && n++ < 3)
    g_string_append_printf (list, "%s%.40s", n > 1 ? " | " : "", (const char *) key);
  if (n > 3)
    g_string_append (list, " | …");
  return g_string_free (list, FALSE);
}

/* NULL: nothing. */
static const char *
fault (Row *row)
{
  guint n = g_hash_table_size (row->values);

  if (n == 0)
    return "was not reported";
  if (row->kind == FIGURE && row->n_compared == 0)
    return "was not compared";
  if (row->kind == ATTRIBUTE && n < 2)
    return "was always the same";
  if (row->kind == CONSTANT && n > 1)
    return "was not always the same: it is no constant";
  return NULL;
}

void
stats_table_finish (void)
{
  guint n_faults = 0;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Row *row = find_row (rows[i].type, rows[i].member);
      g_autofree char *values = list_values (row);
      const char *wrong = fault (row);

      g_test_message ("%s.%s: %u values (%s) %s%s", row->type, row->member,
                      g_hash_table_size (row->values), values, row->comparisons->str,
                      row->why != NULL ? row->why : "");
      if (wrong != NULL)
        {
          g_test_message ("%s of a %s %s", row->member, row->type, wrong);
          n_faults++;
        }
      g_hash_table_unref (row->values);
      g_string_free (row->comparisons, TRUE);
      row->values = NULL;
    }
  g_assert_cmpuint (n_faults, ==, 0);
}
