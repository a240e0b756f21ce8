/* Keys of WebSocket handshakes and the answers to them. Real clients have keys of their own: neighbours have different ones. */
static const char *const WS_KEYS[8][2] = {
    {"XJwULJYGcXG5q3POnI5TwQ==", "x2JPKWrdRoUB7mLtAzezRvB+J6g="}, {"N9dSeejzdmOZs1+SZulD5w==", "3D96llGDY3vE99e8IfTYyoxnPvQ="},
    {"FjVfxXwV0GQ5lBj8ISNIRg==", "h8PMUOIhJPItwDu9iXc+ftz9nok="}, {"eNUlEx5bmR3Q5HrWWAinfA==", "n5uoLN52YulzjN1wLYrPaDBBfOI="},
    {"Wkjqo2ViTH6Iprb7dwaoog==", "dIJgqZuHGno8MX4uvKtH6wUdUBo="}, {"yziV3E8SQjmK1yly7jrzJg==", "WNXVbAVJvSbK3iOzHhYChq8t+uM="},
    {"tVS6s/PimXDrkcRxMweYSg==", "OQd//O8iK4dPLvisVygF7ke01pU="}, {"MIhdyy4+M2gOD96pv3UEgw==", "cmQkNdmacnqAu0Ua0xTkq7fC7gM="},
};
