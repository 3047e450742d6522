using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Gateway.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class LanesHistoryCluster : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Webhooks_DueAt_Id",
                table: "Webhooks");

            migrationBuilder.DropIndex(
                name: "IX_ShortMessages_DueAt_Id",
                table: "ShortMessages");

            migrationBuilder.DropIndex(
                name: "IX_ShortMessages_Recipient_Id",
                table: "ShortMessages");

            migrationBuilder.DropIndex(
                name: "IX_Contacts_Subscriber_Source_Uri",
                table: "Contacts");

            migrationBuilder.AddColumn<short>(
                name: "Node",
                table: "Webhooks",
                type: "INTEGER",
                nullable: false,
                defaultValue: (short)0);

            migrationBuilder.AddColumn<short>(
                name: "Node",
                table: "Watches",
                type: "INTEGER",
                nullable: false,
                defaultValue: (short)0);

            migrationBuilder.AddColumn<byte>(
                name: "Lane",
                table: "ShortMessages",
                type: "INTEGER",
                nullable: false,
                defaultValue: (byte)1);

            migrationBuilder.AddColumn<string>(
                name: "Binding",
                table: "Contacts",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            // What a contact is known by was its URI alone.
            migrationBuilder.Sql("UPDATE \"Contacts\" SET \"Binding\" = \"Uri\"");

            migrationBuilder.CreateTable(
                name: "History",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false),
                    Source = table.Column<byte>(type: "INTEGER", nullable: false),
                    Route = table.Column<byte>(type: "INTEGER", nullable: false),
                    Account = table.Column<string>(type: "TEXT", nullable: true),
                    Carrier = table.Column<string>(type: "TEXT", nullable: true),
                    RouteReason = table.Column<string>(type: "TEXT", nullable: false),
                    Recipient = table.Column<string>(type: "TEXT", nullable: false),
                    Originator = table.Column<string>(type: "TEXT", nullable: false),
                    Lane = table.Column<byte>(type: "INTEGER", nullable: false),
                    Content = table.Column<byte>(type: "INTEGER", nullable: false),
                    Text = table.Column<string>(type: "TEXT", nullable: true),
                    UserData = table.Column<byte[]>(type: "BLOB", nullable: true),
                    UserDataLength = table.Column<byte>(type: "INTEGER", nullable: false),
                    HasUserDataHeader = table.Column<bool>(type: "INTEGER", nullable: false),
                    DataCodingScheme = table.Column<byte>(type: "INTEGER", nullable: false),
                    ProtocolIdentifier = table.Column<byte>(type: "INTEGER", nullable: false),
                    LockingShift = table.Column<byte>(type: "INTEGER", nullable: false),
                    SingleShift = table.Column<byte>(type: "INTEGER", nullable: false),
                    SegmentCount = table.Column<byte>(type: "INTEGER", nullable: false),
                    ConcatenationReference = table.Column<ushort>(type: "INTEGER", nullable: false),
                    State = table.Column<byte>(type: "INTEGER", nullable: false),
                    SegmentsDone = table.Column<byte>(type: "INTEGER", nullable: false),
                    Attempts = table.Column<byte>(type: "INTEGER", nullable: false),
                    AcceptedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    DueAt = table.Column<long>(type: "INTEGER", nullable: true),
                    ConcludedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    ErrorCode = table.Column<byte>(type: "INTEGER", nullable: false),
                    Reason = table.Column<string>(type: "TEXT", nullable: true),
                    ReceiptRequested = table.Column<bool>(type: "INTEGER", nullable: false),
                    CallbackUrl = table.Column<string>(type: "TEXT", nullable: true),
                    ClientReference = table.Column<string>(type: "TEXT", nullable: true),
                    AccountReference = table.Column<string>(type: "TEXT", nullable: true),
                    SubmitReference = table.Column<byte>(type: "INTEGER", nullable: false),
                    SubmitDestination = table.Column<byte[]>(type: "BLOB", nullable: true),
                    ImdnMessageId = table.Column<string>(type: "TEXT", nullable: true),
                    ForeignId = table.Column<string>(type: "TEXT", nullable: true),
                    CarrierMessageIds = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_History", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "IdempotencyKeys",
                columns: table => new
                {
                    Account = table.Column<string>(type: "TEXT", nullable: false),
                    Key = table.Column<string>(type: "TEXT", nullable: false),
                    Request = table.Column<byte[]>(type: "BLOB", nullable: false),
                    MessageId = table.Column<long>(type: "INTEGER", nullable: false),
                    SegmentCount = table.Column<byte>(type: "INTEGER", nullable: false),
                    AcceptedAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_IdempotencyKeys", x => new { x.Account, x.Key });
                });

            migrationBuilder.CreateTable(
                name: "Mailboxes",
                columns: table => new
                {
                    Recipient = table.Column<string>(type: "TEXT", nullable: false),
                    Epoch = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Mailboxes", x => x.Recipient);
                });

            migrationBuilder.CreateTable(
                name: "Members",
                columns: table => new
                {
                    Silo = table.Column<string>(type: "TEXT", nullable: false),
                    Node = table.Column<short>(type: "INTEGER", nullable: false),
                    Status = table.Column<byte>(type: "INTEGER", nullable: false),
                    ProxyPort = table.Column<int>(type: "INTEGER", nullable: false),
                    HostName = table.Column<string>(type: "TEXT", nullable: false),
                    SiloName = table.Column<string>(type: "TEXT", nullable: false),
                    Suspicions = table.Column<string>(type: "TEXT", nullable: false),
                    StartedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    AliveAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Members", x => x.Silo);
                });

            migrationBuilder.CreateTable(
                name: "MembershipVersion",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_MembershipVersion", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Webhooks_Node_DueAt_Id",
                table: "Webhooks",
                columns: new[] { "Node", "DueAt", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Watches_Node_Subscriber",
                table: "Watches",
                columns: new[] { "Node", "Subscriber" });

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_ExpiresAt_Id",
                table: "ShortMessages",
                columns: new[] { "ExpiresAt", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_Lane_DueAt_Id",
                table: "ShortMessages",
                columns: new[] { "Lane", "DueAt", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_Recipient_Lane_Id",
                table: "ShortMessages",
                columns: new[] { "Recipient", "Lane", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Contacts_Subscriber_Source_Binding",
                table: "Contacts",
                columns: new[] { "Subscriber", "Source", "Binding" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_History_Recipient_Id",
                table: "History",
                columns: new[] { "Recipient", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_IdempotencyKeys_AcceptedAt",
                table: "IdempotencyKeys",
                column: "AcceptedAt");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "History");

            migrationBuilder.DropTable(
                name: "IdempotencyKeys");

            migrationBuilder.DropTable(
                name: "Mailboxes");

            migrationBuilder.DropTable(
                name: "Members");

            migrationBuilder.DropTable(
                name: "MembershipVersion");

            migrationBuilder.DropIndex(
                name: "IX_Webhooks_Node_DueAt_Id",
                table: "Webhooks");

            migrationBuilder.DropIndex(
                name: "IX_Watches_Node_Subscriber",
                table: "Watches");

            migrationBuilder.DropIndex(
                name: "IX_ShortMessages_ExpiresAt_Id",
                table: "ShortMessages");

            migrationBuilder.DropIndex(
                name: "IX_ShortMessages_Lane_DueAt_Id",
                table: "ShortMessages");

            migrationBuilder.DropIndex(
                name: "IX_ShortMessages_Recipient_Lane_Id",
                table: "ShortMessages");

            migrationBuilder.DropIndex(
                name: "IX_Contacts_Subscriber_Source_Binding",
                table: "Contacts");

            migrationBuilder.DropColumn(
                name: "Node",
                table: "Webhooks");

            migrationBuilder.DropColumn(
                name: "Node",
                table: "Watches");

            migrationBuilder.DropColumn(
                name: "Lane",
                table: "ShortMessages");

            migrationBuilder.DropColumn(
                name: "Binding",
                table: "Contacts");

            migrationBuilder.CreateIndex(
                name: "IX_Webhooks_DueAt_Id",
                table: "Webhooks",
                columns: new[] { "DueAt", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_DueAt_Id",
                table: "ShortMessages",
                columns: new[] { "DueAt", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_Recipient_Id",
                table: "ShortMessages",
                columns: new[] { "Recipient", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Contacts_Subscriber_Source_Uri",
                table: "Contacts",
                columns: new[] { "Subscriber", "Source", "Uri" },
                unique: true);
        }
    }
}
