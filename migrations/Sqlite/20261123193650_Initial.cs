using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Gateway.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "Attempts",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    MessageId = table.Column<long>(type: "INTEGER", nullable: false),
                    Segment = table.Column<byte>(type: "INTEGER", nullable: false),
                    StartedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    DurationMilliseconds = table.Column<int>(type: "INTEGER", nullable: false),
                    Channel = table.Column<string>(type: "TEXT", nullable: false),
                    Target = table.Column<string>(type: "TEXT", nullable: false),
                    Status = table.Column<short>(type: "INTEGER", nullable: false),
                    RpCause = table.Column<byte>(type: "INTEGER", nullable: false),
                    Outcome = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Attempts", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Contacts",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Subscriber = table.Column<string>(type: "TEXT", nullable: false),
                    PublicUserIdentity = table.Column<string>(type: "TEXT", nullable: false),
                    Source = table.Column<byte>(type: "INTEGER", nullable: false),
                    Uri = table.Column<string>(type: "TEXT", nullable: false),
                    FeatureTags = table.Column<string>(type: "TEXT", nullable: false),
                    SmsOverIp = table.Column<bool>(type: "INTEGER", nullable: false),
                    Q = table.Column<short>(type: "INTEGER", nullable: false),
                    RegisteredAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    CallId = table.Column<string>(type: "TEXT", nullable: false),
                    CSeq = table.Column<long>(type: "INTEGER", nullable: false),
                    ReginfoVersion = table.Column<long>(type: "INTEGER", nullable: false),
                    Path = table.Column<string>(type: "TEXT", nullable: true),
                    Flow = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Contacts", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "ShortMessages",
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
                    table.PrimaryKey("PK_ShortMessages", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Watches",
                columns: table => new
                {
                    Subscriber = table.Column<string>(type: "TEXT", nullable: false),
                    PublicUserIdentity = table.Column<string>(type: "TEXT", nullable: false),
                    Scscf = table.Column<string>(type: "TEXT", nullable: true),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Watches", x => x.Subscriber);
                });

            migrationBuilder.CreateTable(
                name: "Webhooks",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Kind = table.Column<byte>(type: "INTEGER", nullable: false),
                    Account = table.Column<string>(type: "TEXT", nullable: false),
                    MessageId = table.Column<long>(type: "INTEGER", nullable: false),
                    Url = table.Column<string>(type: "TEXT", nullable: false),
                    Fields = table.Column<string>(type: "TEXT", nullable: false),
                    State = table.Column<byte>(type: "INTEGER", nullable: false),
                    Attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    DueAt = table.Column<long>(type: "INTEGER", nullable: true),
                    LastResult = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Webhooks", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Attempts_MessageId_Id",
                table: "Attempts",
                columns: new[] { "MessageId", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_Contacts_ExpiresAt",
                table: "Contacts",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_Contacts_Subscriber_Source_Uri",
                table: "Contacts",
                columns: new[] { "Subscriber", "Source", "Uri" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_DueAt_Id",
                table: "ShortMessages",
                columns: new[] { "DueAt", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_ForeignId_Originator_Id",
                table: "ShortMessages",
                columns: new[] { "ForeignId", "Originator", "Id" },
                filter: "\"ForeignId\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_Recipient_Id",
                table: "ShortMessages",
                columns: new[] { "Recipient", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Webhooks_DueAt_Id",
                table: "Webhooks",
                columns: new[] { "DueAt", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Webhooks_MessageId_Id",
                table: "Webhooks",
                columns: new[] { "MessageId", "Id" },
                filter: "\"DueAt\" IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "Attempts");

            migrationBuilder.DropTable(
                name: "Contacts");

            migrationBuilder.DropTable(
                name: "ShortMessages");

            migrationBuilder.DropTable(
                name: "Watches");

            migrationBuilder.DropTable(
                name: "Webhooks");
        }
    }
}
